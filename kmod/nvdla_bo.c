// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffer objects. An NVDLA core has no MMU and walks over a buffer by address
 * arithmetic: a buffer must be contiguous in the device's address space. The
 * DMA API sees to that, with an IOMMU from scattered pages, without one from
 * contiguous memory.
 */
#include <drm/drm_drv.h>
#include <drm/drm_managed.h>
#include <drm/drm_prime.h>
#include <drm/drm_utils.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/io.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/pm_runtime.h>

#include "nvdla_bo.h"
#include "nvdla_compat.h"
#include "nvdla_drv.h"
#include "nvdla_netlink.h"

static struct device *bo_dev(const struct nvdla_bo *bo)
{
	return to_nvdla(bo->base.dev)->dev;
}

static void free_sram(struct nvdla_bo *bo)
{
	struct nvdla_sram *sram = &to_nvdla(bo->base.dev)->sram;

	scoped_guard(mutex, &sram->lock) {
		if (!drm_mm_node_allocated(&bo->node))
			return;
		drm_mm_remove_node(&bo->node);
	}
	pm_runtime_mark_last_busy(bo_dev(bo));
	pm_runtime_put_autosuspend(bo_dev(bo));
}

static void free_memory(struct nvdla_bo *bo)
{
	if (bo->sgt)
		dma_free_noncontiguous(bo_dev(bo), bo->base.size, bo->sgt, DMA_BIDIRECTIONAL);
	else if (bo->vaddr)
		dma_free_wc(bo_dev(bo), bo->base.size, bo->vaddr, bo->addr);
	bo->sgt = NULL;
	bo->vaddr = NULL;
}

/*
 * The driver leaves the device: memory that came from it goes back. Mappings
 * are gone by now and bo_fault() replaces them. What was exported stays, since
 * importers may be using it.
 *
 * Return: whether memory of the device's stays.
 */
bool nvdla_bo_revoke_all(struct nvdla_device *nvdla)
{
	struct nvdla_bo *bo;
	bool stays = false;

	guard(mutex)(&nvdla->bo_lock);
	list_for_each_entry(bo, &nvdla->bos, link) {
		if (drm_gem_is_imported(&bo->base))
			continue;
		if (bo->base.dma_buf)
			stays |= bo->sgt || bo->vaddr;
		else
			free_memory(bo);
	}
	return stays;
}

static void bo_free(struct drm_gem_object *obj)
{
	struct nvdla_device *nvdla = to_nvdla(obj->dev);
	struct nvdla_bo *bo = to_nvdla_bo(obj);

	/* Under the lock: the device does not go before its memory is back. */
	scoped_guard(mutex, &nvdla->bo_lock) {
		list_del(&bo->link);
		if (!drm_gem_is_imported(obj))
			free_memory(bo);
	}
	if (drm_gem_is_imported(obj))
		drm_prime_gem_destroy(obj, bo->sgt);
	else if (bo->flags & DRM_NVDLA_BO_SRAM)
		free_sram(bo);
	drm_gem_object_release(obj);
	kfree(bo);
}

static struct sg_table *bo_get_sg_table(struct drm_gem_object *obj)
{
	struct nvdla_bo *bo = to_nvdla_bo(obj);
	struct scatterlist *from, *to;
	struct sg_table *sgt;
	int i, ret;

	if (!bo->vaddr && !bo->sgt)
		return ERR_PTR(-ENODEV);
	sgt = kzalloc_obj(*sgt);
	if (!sgt)
		return ERR_PTR(-ENOMEM);
	if (bo->vaddr) {
		ret = dma_get_sgtable(bo_dev(bo), sgt, bo->vaddr, bo->addr, obj->size);
		if (ret < 0)
			goto err;
		return sgt;
	}
	/* The pages alone: the importer maps them for itself. */
	ret = sg_alloc_table(sgt, bo->sgt->orig_nents, GFP_KERNEL);
	if (ret)
		goto err;
	to = sgt->sgl;
	for_each_sgtable_sg(bo->sgt, from, i) {
		sg_set_page(to, sg_page(from), from->length, from->offset);
		to = sg_next(to);
	}
	return sgt;
err:
	kfree(sgt);
	return ERR_PTR(ret);
}

static int map_sram(struct nvdla_bo *bo, struct vm_area_struct *vma)
{
	struct nvdla_sram *sram = &to_nvdla(bo->base.dev)->sram;
	unsigned long size = vma->vm_end - vma->vm_start;
	unsigned long first = vma->vm_pgoff << PAGE_SHIFT;

	if (first > bo->base.size || size > bo->base.size - first)
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_writecombine(vm_get_page_prot(vma->vm_flags));
	return io_remap_pfn_range(vma, vma->vm_start,
				  (sram->cpu + bo->node.start + first) >> PAGE_SHIFT, size,
				  vma->vm_page_prot);
}

static int map_memory(struct nvdla_bo *bo, struct vm_area_struct *vma)
{
	struct drm_gem_object *obj = &bo->base;

	if (bo->flags & DRM_NVDLA_BO_SRAM)
		return map_sram(bo, vma);
	vm_flags_mod(vma, VM_DONTEXPAND, VM_PFNMAP);
	if (bo->sgt) {
		vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
		return dma_mmap_noncontiguous(bo_dev(bo), vma, obj->size, bo->sgt);
	}
	return bo->vaddr ? dma_mmap_wc(bo_dev(bo), vma, bo->vaddr, bo->addr, obj->size) : -ENODEV;
}

static int bo_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct nvdla_bo *bo = to_nvdla_bo(obj);
	int ret, index;

	if (bo->flags & DRM_NVDLA_BO_NO_MMAP)
		return -EPERM;
	/* Device memory cannot be copied on write. */
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE)
		return -EINVAL;
	if (!drm_dev_enter(obj->dev, &index))
		return -ENODEV;
	/* The offset names the object; within it, mappings count from its start. */
	vma->vm_pgoff -= drm_vma_node_start(&obj->vma_node);
	ret = map_memory(bo, vma);
	drm_dev_exit(index);
	return ret;
}

static void free_dummy_page(struct drm_device *drm, void *page)
{
	__free_page(page);
}

/*
 * All pages are mapped from the start: one that is missing went with the
 * device. A process that still looks at its buffer gets zeros, not a signal.
 */
static vm_fault_t bo_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct drm_gem_object *obj = vma->vm_private_data;
	struct page *page;
	int index;

	if (!(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)))
		return VM_FAULT_SIGBUS;
	if (drm_dev_enter(obj->dev, &index)) {
		drm_dev_exit(index);
		return VM_FAULT_SIGBUS;
	}
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page || drmm_add_action_or_reset(obj->dev, free_dummy_page, page))
		return VM_FAULT_OOM;
	return vmf_insert_pfn(vma, vmf->address, page_to_pfn(page));
}

static int bo_vmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	struct nvdla_bo *bo = to_nvdla_bo(obj);
	void *vaddr = bo->vaddr;

	if (bo->flags & (DRM_NVDLA_BO_SRAM | DRM_NVDLA_BO_NO_MMAP))
		return -EPERM;
	if (!vaddr && bo->sgt)
		vaddr = dma_vmap_noncontiguous(bo_dev(bo), obj->size, bo->sgt);
	if (!vaddr)
		return -ENOMEM;
	iosys_map_set_vaddr(map, vaddr);
	return 0;
}

static void bo_vunmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	struct nvdla_bo *bo = to_nvdla_bo(obj);

	if (!bo->vaddr)
		dma_vunmap_noncontiguous(bo_dev(bo), map->vaddr);
}

static struct dma_buf *bo_export(struct drm_gem_object *obj, int flags)
{
	if (to_nvdla_bo(obj)->flags & (DRM_NVDLA_BO_SRAM | DRM_NVDLA_BO_NO_MMAP))
		return ERR_PTR(-EPERM);
	return drm_gem_prime_export(obj, flags);
}

static enum drm_gem_object_status bo_status(struct drm_gem_object *obj)
{
	return DRM_GEM_OBJECT_RESIDENT;
}

static const struct vm_operations_struct bo_vm_ops = {
	.fault = bo_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

static const struct drm_gem_object_funcs bo_funcs = {
	.free = bo_free,
	.export = bo_export,
	.get_sg_table = bo_get_sg_table,
	.mmap = bo_mmap,
	.vmap = bo_vmap,
	.vunmap = bo_vunmap,
	.status = bo_status,
	.vm_ops = &bo_vm_ops,
};

static struct nvdla_bo *bo_new(struct drm_device *drm, size_t size, u32 flags)
{
	struct nvdla_bo *bo = kzalloc_obj(*bo);

	if (!bo)
		return NULL;
	bo->flags = flags;
	bo->base.funcs = &bo_funcs;
	drm_gem_private_object_init(drm, &bo->base, size);
	scoped_guard(mutex, &to_nvdla(drm)->bo_lock)
		list_add(&bo->link, &to_nvdla(drm)->bos);
	return bo;
}

/*
 * Cleared, so that nobody sees what another client left there. On-chip memory
 * works, and remembers, only while the device is powered: it stays so until the
 * buffer goes.
 */
static int alloc_sram(struct nvdla_bo *bo)
{
	struct nvdla_sram *sram = &to_nvdla(bo->base.dev)->sram;
	int ret = pm_runtime_resume_and_get(bo_dev(bo));

	if (ret)
		return ret;
	scoped_guard(mutex, &sram->lock)
		ret = drm_mm_insert_node_generic(&sram->mm, &bo->node, bo->base.size, PAGE_SIZE, 0,
						 DRM_MM_INSERT_BEST);
	if (ret) {
		pm_runtime_put_autosuspend(bo_dev(bo));
		return ret;
	}
	memset_io(sram->map + bo->node.start, 0, bo->base.size);
	bo->addr = sram->bus + bo->node.start;
	return 0;
}

static int alloc_memory(struct nvdla_bo *bo)
{
	struct device *dev = bo_dev(bo);
	dma_addr_t addr;

	if (!(bo->flags & DRM_NVDLA_BO_CACHED)) {
		bo->vaddr = dma_alloc_wc(dev, bo->base.size, &addr,
					 GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
		bo->addr = addr;
		return bo->vaddr ? 0 : -ENOMEM;
	}
	bo->sgt = dma_alloc_noncontiguous(dev, bo->base.size, DMA_BIDIRECTIONAL,
					  GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, 0);
	if (!bo->sgt)
		return -ENOMEM;
	bo->addr = sg_dma_address(bo->sgt->sgl);
	return 0;
}

int nvdla_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct nvdla_device *nvdla = to_nvdla(drm);
	struct drm_nvdla_bo_create *args = data;
	struct nvdla_bo *bo;
	u64 limit = nvdla->config->address_bits < 64 ? 1ULL << nvdla->config->address_bits : ~0ULL;
	int ret, index;

	if (args->flags & ~(DRM_NVDLA_BO_CACHED | DRM_NVDLA_BO_NO_MMAP | DRM_NVDLA_BO_SRAM) ||
	    !args->size || (args->flags & DRM_NVDLA_BO_CACHED && args->flags & DRM_NVDLA_BO_SRAM))
		return -EINVAL;
	if (args->flags & DRM_NVDLA_BO_SRAM && !nvdla->sram.size)
		return -EOPNOTSUPP;
	if (args->size > limit || args->size > (u64)totalram_pages() << PAGE_SHIFT)
		return -ENOMEM;
	if (!drm_dev_enter(drm, &index))
		return -ENODEV;

	bo = bo_new(drm, PAGE_ALIGN(args->size), args->flags);
	if (!bo) {
		ret = -ENOMEM;
		goto out;
	}
	ret = args->flags & DRM_NVDLA_BO_SRAM ? alloc_sram(bo) : alloc_memory(bo);
	if (ret && !(args->flags & DRM_NVDLA_BO_SRAM) && !device_iommu_mapped(nvdla->dev))
		dev_notice_once(drm->dev,
				"no %zu contiguous bytes: large buffers need CMA (cma=SIZE)\n",
				bo->base.size);
	if (ret)
		nvdla_netlink_memory_pressure(nvdla, file->client_id,
					      args->flags & DRM_NVDLA_BO_SRAM, bo->base.size);
	if (!ret && !(args->flags & DRM_NVDLA_BO_NO_MMAP))
		ret = drm_gem_create_mmap_offset(&bo->base);
	if (!ret)
		ret = drm_gem_handle_create(file, &bo->base, &args->handle);
	args->size = bo->base.size;
	/* The handle keeps it; without one this is the end of it. */
	drm_gem_object_put(&bo->base);
out:
	drm_dev_exit(index);
	return ret;
}

int nvdla_ioctl_bo_mmap_offset(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_nvdla_bo_mmap_offset *args = data;
	struct drm_gem_object *obj;
	int ret = 0;

	if (args->pad)
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	if (drm_gem_is_imported(obj))
		ret = -EINVAL;
	else if (to_nvdla_bo(obj)->flags & DRM_NVDLA_BO_NO_MMAP)
		ret = -EPERM;
	else
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}

int nvdla_ioctl_bo_sync(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_nvdla_bo_sync *args = data;
	struct drm_gem_object *obj;
	struct nvdla_bo *bo;
	int ret = 0, index;

	if (!args->flags || args->flags & ~(DRM_NVDLA_SYNC_TO_DEVICE | DRM_NVDLA_SYNC_FROM_DEVICE))
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	bo = to_nvdla_bo(obj);
	if (!args->size || args->offset > obj->size || args->size > obj->size - args->offset) {
		ret = -EINVAL;
	} else if (!drm_gem_is_imported(obj) && drm_dev_enter(drm, &index)) {
		/*
		 * The whole buffer: behind an IOMMU a range of it need not be
		 * contiguous for the CPU.
		 */
		if (bo->sgt && args->flags & DRM_NVDLA_SYNC_TO_DEVICE)
			dma_sync_sgtable_for_device(bo_dev(bo), bo->sgt, DMA_BIDIRECTIONAL);
		if (bo->sgt && args->flags & DRM_NVDLA_SYNC_FROM_DEVICE)
			dma_sync_sgtable_for_cpu(bo_dev(bo), bo->sgt, DMA_BIDIRECTIONAL);
		drm_dev_exit(index);
	}
	drm_gem_object_put(obj);
	return ret;
}

int nvdla_ioctl_bo_wait(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_nvdla_bo_wait *args = data;
	unsigned long timeout = drm_timeout_abs_to_jiffies(args->timeout_ns);
	long left;

	if (!args->flags || args->flags & ~(DRM_NVDLA_WAIT_READ | DRM_NVDLA_WAIT_WRITE))
		return -EINVAL;
	left = drm_gem_dma_resv_wait(file, args->handle, args->flags & DRM_NVDLA_WAIT_WRITE,
				     timeout);
	/* The helper's names for "no such handle" and "the time passed" differ. */
	return left == -EINVAL ? -ENOENT : left;
}

struct drm_gem_object *nvdla_gem_import_sg_table(struct drm_device *drm,
						 struct dma_buf_attachment *attach,
						 struct sg_table *sgt)
{
	struct nvdla_bo *bo;

	if (drm_prime_get_contiguous_size(sgt) < attach->dmabuf->size)
		return ERR_PTR(-EINVAL);
	bo = bo_new(drm, PAGE_ALIGN(attach->dmabuf->size), DRM_NVDLA_BO_NO_MMAP);
	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->read_only = !(attach->dmabuf->file->f_mode & FMODE_WRITE);
	bo->sgt = sgt;
	bo->addr = sg_dma_address(sgt->sgl);
	return &bo->base;
}
