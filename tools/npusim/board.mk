# SPDX-License-Identifier: MIT
#
# npusim, the executable: a PCI board served over vfio-user.

SERVER_SRC	:= $(addprefix tools/npusim/board/,board.c board_bus.c board_control.c \
		     board_memory.c fault.c power.c vfio_device.c vfio_dma.c vfio_irq.c vfio_pci.c)
SERVER_OBJ	:= $(SERVER_SRC:%.c=$(O)/%.o)

.SECONDEXPANSION:
$(O)/npusim: $(addprefix $(O)/tools/npusim/board/,server.o vfio_server.o) $(SERVER_OBJ) \
	     $$(NPUSIM_LIB)
	$(CC) $(LDFLAGS) -o $@ $^

npusim: $(O)/npusim

ALL		+= $(O)/npusim
